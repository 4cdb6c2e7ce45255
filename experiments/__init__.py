"""The study: three models, trained, evaluated and compared on image data sets."""
