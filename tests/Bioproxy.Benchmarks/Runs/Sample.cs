using Bioproxy.Benchmarks.Load;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>What one contestant did in one turn.</summary>
internal sealed record Sample(LoadResult Load, TimeSpan ProcessorTime);
