"""What `pytest graders/lab3` needs besides the files here. `mechgrade grade` needs none of it."""

pytest_plugins = ["mechgrade.doors.plain_pytest"]
