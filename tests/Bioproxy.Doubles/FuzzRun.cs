using System.Diagnostics;
using System.Text;

namespace Bioproxy.Doubles;

/// <summary>
/// Feeds mutated inputs to code that reads what others wrote: ten thousand in every run, a million with <c>--long</c>. Seeded: a failure
/// comes again. (SharpFuzz would find paths by coverage, but needs AFL and instrumented assemblies, which no test runner has.)
/// </summary>
internal static class FuzzRun
{
    /// <summary>No input has a reason to take so long; a loop without an end is not waited for.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static int Count { get; } = LongRun.IsOn ? 1_000_000 : 10_000;

    /// <param name="seeds">What people send.</param>
    /// <param name="tokens">Pieces that mean something to the reader.</param>
    /// <param name="read">Reads an input, and throws when something is wrong with what it got.</param>
    /// <param name="share">Only one part of so many is run, except with <c>--long</c>: for what takes long.</param>
    public static void Bytes(IReadOnlyList<byte[]> seeds, IReadOnlyList<string> tokens, Action<byte[]> read, int share = 1)
    {
        var mutator = new Mutator(seeds, tokens);
        for (var i = 0; i < Count / (LongRun.IsOn ? 1 : share); i++)
        {
            var input = mutator.Next();
            var started = Stopwatch.GetTimestamp();
            try
            {
                read(input);
            }
            catch (Exception e)
            {
                throw new FuzzException($"Input {i}: {e.GetType().Name}: {e.Message}\n{Show(input)}", e);
            }

            if (Stopwatch.GetElapsedTime(started) > Limit)
                throw new FuzzException($"Input {i} took {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s.\n{Show(input)}", null);
        }
    }

    /// <summary>The same for text.</summary>
    public static void Text(IReadOnlyList<string> seeds, IReadOnlyList<string> tokens, Action<string> read, int share = 1) =>
        Bytes([.. seeds.Select(Encoding.UTF8.GetBytes)], tokens, input => read(Encoding.UTF8.GetString(input)), share);

    private static string Show(byte[] input)
    {
        const int Most = 2000;
        var begin = input.AsSpan(0, Math.Min(Most, input.Length));
        return $"{Encoding.UTF8.GetString(begin)}\n{Convert.ToBase64String(begin)}";
    }
}
