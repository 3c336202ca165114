"""What is on the Listening test page."""
