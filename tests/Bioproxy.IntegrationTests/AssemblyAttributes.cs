// Three tests at a time: most of a test's time is waiting. Each of their servers computes with one thread (Workspace), because two threads
// that wait for each other on a busy machine take three times as long as one. Tests that measure time are in RunsAlone.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer("Bioproxy.IntegrationTests.LongestFirst", "Bioproxy.IntegrationTests")]
