"""`mechgrade watch`: what is saved is graded. ``saves`` sees files, ``keys`` the keyboard, ``regrade`` grades, ``loop`` decides."""
