using System.Composition;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Fixtures.OldContract;

/// <summary>Puts all that the first contract told a transform into the last message, in one line for each thing that tells it.</summary>
[PromptTransform("old", Order = 7)]
[method: ImportingConstructor]
public sealed class OldTransform(IPluginHost host) : IPromptTransform
{
    private static readonly Action<ILogger, string, Exception?> Saw = LoggerMessage.Define<string>(LogLevel.Debug, new EventId(1, "Saw"),
        "Saw request {Request}");

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Saw(host.Logger, context.RequestId, null);
        if (context.Endpoint == PromptEndpoint.Chat && context.Lane == PromptLane.Interactive)
            context.Lane = PromptLane.Batch;
        var message = context.Messages[^1];
        var part = message.Parts[0];
        var started = part.StartsWith("hello");
        part.Text = string.Join(
            '\n',
            part.Text,
            $"host: {host.PluginName}, {host.TimeProvider.GetUtcNow():yyyy-MM-dd}, API {PluginApi.Version}",
            $"context: {context.RequestId}, {context.Endpoint}, {context.Model ?? "no model"}, warm-up {context.IsWarmUp}, "
            + $"{context.Body.Length} bytes, {context.Lane}",
            $"message: {message.Role}, {message.Parts.Count} parts, {part.Type}, hello {started}, edited {part.IsEdited}",
            $"templates: {string.Join(", ", host.Templates.Prefixes.Select(prefix => $"{prefix} = {Render(prefix)}"))}",
            $"made by hand: {HandMade.Describe()}");
        return ValueTask.CompletedTask;
    }

    private string Render(string prefix)
    {
        try
        {
            return host.Templates.Render(prefix, new TemplateVariables("words"));
        }
        catch (TemplateException e)
        {
            return $"line {e.Line}, column {e.Column}: {e.Message}";
        }
    }
}
