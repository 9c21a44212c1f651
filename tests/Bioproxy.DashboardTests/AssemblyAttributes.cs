// One browser and one llama-server at a time: they share two cores with everything else.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
