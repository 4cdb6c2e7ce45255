"""The proof that scratchnet's models are as good as Keras's.

`keras_reference` trains Keras's, `records` keeps what both sides reached, `judgement`
says when they are equal, and `validate` compares them, for `validation_text` to print.
"""
