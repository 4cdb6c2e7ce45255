"""What a run's model says of a picture in a file.

    picture_file   open a PNG or JPEG, and refuse what is none
    prepare        make of it what the model was trained on: size, channels, 8 bits
    classifier     the run's model, and its guesses with their names
    figure         both drawn side by side

``scratchnet predict`` is these four, in this order.
"""
