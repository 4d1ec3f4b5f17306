"""Fits the weights of the judgement to a corpus whose truth is known; the fitted weights stay explainable."""
