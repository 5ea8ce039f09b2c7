"""Where answers come from: an OpenAI-compatible endpoint, the embedded server, mocks, replay."""
