using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Bioproxy.Host.Backends.Drivers.Router;

/// <summary>
/// What the router sends at <c>/models/sse</c> (build 11669): one event for every step of a load and every change of a status, such as
/// <c>{"model":"a","event":"status_change","data":{"status":"loaded",…}}</c>; nothing at the beginning.
/// </summary>
internal sealed class RouterEvents
{
    private readonly Dictionary<string, string> _last = new(StringComparer.Ordinal);

    /// <summary>The models whose status has changed, as it happens. Steps of a load are left out.</summary>
    public async IAsyncEnumerable<string> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = SseParser.Create(stream, static (_, data) => Read(data));
        await foreach (var one in events.EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            if (one.Data is not var (model, status) || (_last.TryGetValue(model, out var before) && before == status))
                continue;
            _last[model] = status;
            yield return model;
        }
    }

    private static (string Model, string Status)? Read(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            return root.GetProperty("model").GetString() is { } model
                && root.GetProperty("data").GetProperty("status").GetString() is { } status
                ? (model, status)
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null; // another kind of event
        }
    }
}
