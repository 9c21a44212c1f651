namespace Bioproxy.Benchmarks.Runs;

/// <summary>One of the proxies that a run compares.</summary>
internal sealed record Contestant(string Name, ChildProcess Process, int Port);
