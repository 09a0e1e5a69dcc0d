"""The loop over analyses: models opened, analyses run, profiles written."""
