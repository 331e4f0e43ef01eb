"""What makes a machine run `govern tick` by itself: the text of files for four schedulers, and writing them."""
