using System.Composition;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Takes volatile text out of a prompt's head, or moves it behind the stable part, and sorts lists of tools, so that one request's KV cache
/// serves the next one. Early in the chain: it looks at what the client wrote, and not into templates.
/// </summary>
/// <remarks>A function of the prompt alone; run on its own output it changes nothing. A raw completion prompt stays as it is: its end is
/// already the beginning of the answer, and nothing can be put there.</remarks>
[PromptTransform("stabilise", Order = -1000)]
public sealed partial class StabiliseTransform : IPromptTransform
{
    private readonly IReadOnlyList<Rule> _rules;
    private readonly bool _sortsTools;
    private readonly ILogger _logger;
    private readonly IPluginCounter _moved;
    private readonly IPluginCounter _removed;
    private readonly IPluginCounter _sorted;

    /// <summary>Created by the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public StabiliseTransform(IPluginServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        var settings = services.Read(StabiliserJson.Default.StabiliserSettings);
        _rules = RuleSet.Compile(settings, $"plugins.{services.PluginName}");
        _sortsTools = settings.SortTools;
        _logger = services.Logger;
        _moved = services.Metrics.Counter("lines_moved", "Lines moved from a prompt's head behind its stable part.");
        _removed = services.Metrics.Counter("lines_removed", "Lines removed from a prompt's head.");
        _sorted = services.Metrics.Counter("tool_lists_sorted", "Lists of tools that came in another order than by name.");
    }

    /// <inheritdoc/>
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.Endpoint != PromptEndpoint.Completion)
            Stabilise(context, cancellationToken);
        return ValueTask.CompletedTask;
    }

    private void Stabilise(PromptContext context, CancellationToken cancellationToken)
    {
        var isSorted = _sortsTools && SortTools(context);
        var target = LastUserText(context);
        var extraction = new Extraction(_rules, target is not null, cancellationToken);
        if (_rules.Count > 0)
            Extract(context, extraction);
        if (extraction.Moved.Count > 0)
            target!.Text = MovedBlock.Append(target.Text!, extraction.Moved);
        Report(context, extraction, isSorted);
    }

    private static bool SortTools(PromptContext context)
    {
        if (context.Member("tools") is not { } tools || ToolList.Sort(tools) is not { } sorted)
            return false;
        context.ReplaceMember("tools", sorted);
        return true;
    }

    private static void Extract(PromptContext context, Extraction extraction)
    {
        var member = context.Endpoint switch { PromptEndpoint.Messages => "system", PromptEndpoint.Responses => "instructions", _ => null };
        if (member is not null && context.Member(member) is { } value
            && TextMember.Edit(value.Span, text => extraction.Take(text, RulePlaces.System)) is { } edited)
            context.ReplaceMember(member, edited);
        foreach (var message in context.Messages.TakeWhile(message => message.Role is "system" or "developer"))
            Extract(message, extraction, RulePlaces.System);
        if (context.Messages.FirstOrDefault(message => message.Role == "user") is { } first)
            Extract(first, extraction, RulePlaces.FirstUser);
    }

    private static void Extract(PromptMessage message, Extraction extraction, RulePlaces place)
    {
        foreach (var part in message.Parts)
        {
            if (part.Text is not { } text)
                continue;
            var before = text[..MovedBlock.LengthBefore(text)];
            var left = extraction.Take(before, place);
            if (!ReferenceEquals(left, before))
                part.Text = left + text[before.Length..];
        }
    }

    private static PromptPart? LastUserText(PromptContext context)
    {
        for (var i = context.Messages.Count - 1; i >= 0; i--)
        {
            if (context.Messages[i].Role == "user" && context.Messages[i].Parts.LastOrDefault(part => part.Text is not null) is { } part)
                return part;
        }

        return null;
    }

    private void Report(PromptContext context, Extraction extraction, bool isSorted)
    {
        var (moved, removed) = (extraction.Lines(moved: true), extraction.Lines(moved: false));
        if (moved + removed == 0 && !isSorted)
            return;
        if (_logger.IsEnabled(LogLevel.Debug))
            LogDone(context.RequestId, extraction.Summary, isSorted);
        if (context.IsWarmUp)
            return; // not a request of a client
        _moved.Add(moved);
        _removed.Add(removed);
        _sorted.Add(isSorted ? 1 : 0);
    }

    [LoggerMessage(Level = LogLevel.Debug, SkipEnabledCheck = true, Message = "Request {Id}: lines [{Rules}], tools sorted: {Sorted}")]
    private partial void LogDone(string id, string rules, bool sorted);
}
