// More tests at a time than there are cores: most of the time of the longest ones is waiting, for ten seconds in which a server is silent
// or for a clock that a loop moves.
[assembly: CollectionBehavior(MaxParallelThreads = 8)]
