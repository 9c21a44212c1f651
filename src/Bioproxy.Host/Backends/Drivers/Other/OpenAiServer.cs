using System.Text.Json;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Backends.Drivers.Other;

/// <summary>Any server that lists its models as the OpenAI API does.</summary>
internal sealed class OpenAiServer(BackendOptions backend, TimeSpan connectTimeout, TimeProvider time)
    : SelfManagedServer(backend, connectTimeout, time)
{
    public override string Kind => "OpenAI-compatible";

    protected override async Task<BackendAnswer<IReadOnlyList<(ListedModel Listed, BackendFacts Facts)>>> AskAsync(
        CancellationToken cancellationToken) =>
        ControlCalls.Extract<IReadOnlyList<(ListedModel, BackendFacts)>>(
            await Calls.GetAsync("v1/models", cancellationToken).ConfigureAwait(false),
            "the list of models",
            static root => [.. root.GetProperty("data").EnumerateArray().Select(Read)]);

    private static (ListedModel Listed, BackendFacts Facts) Read(JsonElement model)
    {
        var name = model.GetProperty("id").GetString() ?? throw new FormatException();
        return (new ListedModel(name, ListedStatus.Ready), new BackendFacts { ModelAlias = name });
    }
}
