"""What every call has: settings, named errors, budget and prices, circuit breaker, answer store."""
