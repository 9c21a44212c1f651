// Every test may start two servers that compute; machines have few cores, and what a test measures must be its own.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
