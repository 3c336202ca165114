"""Two small networks of one budget compared, an LSTM and a variational autoencoder, on MIDI."""
