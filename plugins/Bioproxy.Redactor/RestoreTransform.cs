using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.Redactor;

/// <summary>Puts the secrets back into answers. A response whose prompt had none passes untouched.</summary>
[ResponseTransform("restore", Order = 1000)]
[method: ImportingConstructor]
public sealed class RestoreTransform(IPluginServices services) : IResponseTransform
{
    private readonly IPluginCounter _restored = services.Metrics.Counter("restored", "Placeholders in answers that were replaced by "
        + "their secret.");

    /// <inheritdoc/>
    public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => PlaceholderMap.Of(context.Prompt) is { } map
        ? new RestoringEditor(map, channel.Kind == ResponseTextKind.ToolArguments, _restored)
        : null;
}
