"""The blind listening test: questions, sounds that tell nothing of their maker, votes, figures."""
