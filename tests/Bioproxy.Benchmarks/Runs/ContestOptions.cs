using Bioproxy.Benchmarks.Load;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>What the contestants are asked, and for how long.</summary>
internal sealed record ContestOptions(Mix Mix, int Connections, TimeSpan Turn, int Rounds = 6);
