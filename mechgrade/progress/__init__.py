"""What a learner has done so far, and what is next: kept in .mechgrade/, sent nowhere."""
