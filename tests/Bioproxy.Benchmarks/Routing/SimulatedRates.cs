namespace Bioproxy.Benchmarks.Routing;

/// <summary>What a simulated instance is and how fast it works. Each slot works at its own rate, whatever the others do.</summary>
internal static class SimulatedRates
{
    public const int Slots = 4;
    public const int BlockTokens = 512;

    /// <summary>Canonical text of one block. A snapshot that shares a prefix with a prompt is found by whole 4 KB, so that blocks of the
    /// trace and what the index can tell apart are the same.</summary>
    public const int BlockBytes = 4096;

    public const double PrefillTokens = 4000;
    public const double DecodeTokens = 50;

    /// <summary>KV bytes of a token.</summary>
    public const int TokenBytes = 64_000;

    public const double RestoreBytes = 3e9;
    public const double SaveBytes = 1.5e9;

    /// <summary>The part of all slots that computing everything would keep at work; the trace's clock is stretched to it.</summary>
    public const double Load = 0.8;

    public static double PrefillSeconds(int tokens) => tokens / PrefillTokens;

    public static double DecodeSeconds(int tokens) => tokens / DecodeTokens;

    /// <summary>Seconds that a request takes of which nothing is reused.</summary>
    public static double WholeSeconds(TraceRequest request) =>
        PrefillSeconds(request.Blocks.Length * BlockTokens) + DecodeSeconds(request.OutputTokens);
}
