using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>
/// The recorded sessions of client programs. Those of real programs are not in this repository: <c>BIOPROXY_CLIENT_TRACES</c> names their
/// folder. Without it there are invented ones.
/// </summary>
internal static class Recordings
{
    private static readonly string? Folder =
        Environment.GetEnvironmentVariable("BIOPROXY_CLIENT_TRACES") is { Length: > 0 } folder ? folder : null;

    /// <summary>Whether only the invented sessions are there, in an ordinary run.</summary>
    public static bool AreFew => Folder is null && !LongRun.IsOn;

    /// <summary>The clients.</summary>
    public static IReadOnlyList<string> Clients { get; } = Folder is null
        ? [InventedSessions.Chat, InventedSessions.Messages, InventedSessions.Responses]
        : [.. Directory.GetFiles(Folder, "*.jsonl").Select(static file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal)];

    /// <summary>A client's requests.</summary>
    public static IReadOnlyList<RecordedRequest> Of(string client) =>
        Folder is null ? InventedSessions.Of(client) : RecordedRequest.Read(Path.Combine(Folder, client + ".jsonl"));
}
