using System.Composition;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Fixtures.OwnCopy;

/// <summary>Works only when its contract, its attributes and its logger are the host's own.</summary>
[PromptTransform("own-copy")]
[method: ImportingConstructor]
public sealed class OwnCopyTransform(IPluginHost host) : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        ILogger logger = host.Logger;
        if (context.Messages[^1].Parts[0] is { Text: { } text } part)
            part.Text = $"{text} [own copy, logger {(logger is null ? "missing" : "there")}]";
        return ValueTask.CompletedTask;
    }
}
