"""What every model is measured on: corpus, clusters, relations; what an atlas chose of it."""
