using System.Text;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>A request as it arrived at a <see cref="FakeBackend"/>.</summary>
internal sealed class FakeRequest
{
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _wasCancelled;
    private int _slot = -1;

    public required string Method { get; init; }

    /// <summary>As sent, with its query.</summary>
    public required string Target { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>Counts up over all requests of this backend, restarts included.</summary>
    public required int Order { get; init; }

    /// <summary>Counts up over all connections.</summary>
    public required int Connection { get; init; }

    /// <summary>How many requests came over the same connection before.</summary>
    public required int EarlierOnConnection { get; init; }

    /// <summary>The path at the model's server: llama-swap passes on what is below <c>/upstream/{model}</c>.</summary>
    public string Path => Target.Split('?')[0] is var path && path.Split('/', 4) is ["", "upstream", _, var below] ? $"/{below}" : path;

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body, which has to be a JSON object.</summary>
    public JsonObject Json => FakeJson.Parse(Body);

    /// <summary>The slot that worked on it; null when none did (yet).</summary>
    public int? Slot
    {
        get => Volatile.Read(ref _slot) is >= 0 and var slot ? slot : null;
        internal set => Volatile.Write(ref _slot, value ?? -1);
    }

    /// <summary>Its client left, or the backend was killed, before its answer was complete.</summary>
    public bool WasCancelled
    {
        get => _wasCancelled;
        internal set => _wasCancelled = value;
    }

    /// <summary>It has ended: answered, cancelled or cut.</summary>
    public Task Finished => _finished.Task;

    internal FakeMisbehaviour Script { get; set; } = FakeMisbehaviour.None;

    /// <summary>The values under a name, joined as HTTP joins them; null when there is none.</summary>
    public string? Header(string name)
    {
        var values = Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToList();
        return values.Count == 0 ? null : string.Join(", ", values);
    }

    public bool Is(string method, string path) => Method == method && Path == path;

    public override string ToString() => $"#{Order} {Method} {Target} ({Body.Length} bytes)";

    internal void Finish() => _finished.TrySetResult();
}
