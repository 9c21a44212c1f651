using System.Composition;
using Bioproxy.Abstractions;
using Microsoft.Extensions.Logging;

namespace Bioproxy.PrefixStabiliser;

/// <summary>
/// Undoes what clients do to a prompt that breaks its prefix, so that one request's KV cache serves the next one: by itself where that
/// cannot change what the prompt says, on request where it can. Early in the chain: it looks at what the client wrote, and not into
/// templates.
/// </summary>
/// <remarks>Run on its own output it changes nothing. Beside the prompt it depends only on what models and clients sent before in the same
/// domain. A raw completion prompt stays as it is: its end is already the beginning of the answer, and nothing can be put there.</remarks>
[PromptTransform("stabilise", Order = -1000)]
public sealed partial class StabiliseTransform : IPromptTransform
{
    private readonly IReadOnlyList<IPromptRule> _rules;
    private readonly IReadOnlyList<Rule> _lines;
    private readonly IReadOnlyList<Rule> _pins;
    private readonly AnswerMemory _memory;
    private readonly bool _remembers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IPluginCounter _moved;
    private readonly IPluginCounter _removed;
    private readonly Dictionary<string, IPluginCounter> _counters;

    /// <summary>Created by the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="memory">What is known from before.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public StabiliseTransform(IPluginServices services, AnswerMemory memory)
    {
        ArgumentNullException.ThrowIfNull(services);
        var settings = services.Read(StabiliserJson.Default.StabiliserSettings);
        var lines = RuleSet.Compile(settings, $"plugins.{services.PluginName}");
        _lines = [.. lines.Where(rule => rule.Action != RuleAction.Pin)];
        _pins = [.. lines.Where(rule => rule.Action == RuleAction.Pin)];
        _memory = memory;
        _rules = RuleSet.PromptRules(settings, memory);
        _remembers = settings.ToolArguments || settings.AnswerText || settings.Reasoning;
        _time = services.TimeProvider;
        _logger = services.Logger;
        _moved = services.Metrics.Counter("lines_moved", "Lines moved from a prompt's head behind its stable part.");
        _removed = services.Metrics.Counter("lines_removed", "Lines removed from a prompt's head.");
        _counters = _rules.Select(rule => rule.Name).Concat(_pins.Select(rule => rule.Name)).Distinct(StringComparer.Ordinal)
            .ToDictionary(name => name, name => CounterOf(services, name), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Endpoint == PromptEndpoint.Completion)
            return ValueTask.CompletedTask;
        if (_remembers && !context.IsWarmUp)
            AnswerPlace.LeaveIn(context);
        foreach (var rule in _rules)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Count(context, rule.Name, rule.Apply(context, cancellationToken));
        }

        if (_pins.Count > 0 && !context.IsWarmUp)
            Pin(context);
        if (_lines.Count > 0)
            Extract(context, cancellationToken);
        if (context.Notes.Count > 0 && _logger.IsEnabled(LogLevel.Debug))
            LogDone(context.RequestId, string.Join(", ", context.Notes.Select(note => $"{note.Key} {note.Value}")));
        return ValueTask.CompletedTask;
    }

    /// <summary>A name that a user gave becomes a metric's name.</summary>
    private static IPluginCounter CounterOf(IPluginServices services, string rule)
    {
        if (rule == "sort_tools")
            return services.Metrics.Counter("tool_lists_sorted", "Lists of tools that came in another order than by name.");
        var name = string.Concat(rule.ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));
        return services.Metrics.Counter($"rule_{name}", $"Places in prompts that the rule {rule} has mended.");
    }

    private void Count(PromptContext context, string rule, int count)
    {
        if (count == 0)
            return;
        context.Note(rule, count);
        if (!context.IsWarmUp) // a rehearsal is not a client's request
            _counters[rule].Add(count);
    }

    private void Pin(PromptContext context)
    {
        var pinning = new Pinning(_pins, _memory, context, _time.GetUtcNow());
        PromptTexts.EditSystem(context, text => pinning.Apply(text, RulePlaces.System));
        if (context.Messages.FirstOrDefault(message => message.Role == "user") is { } first)
        {
            foreach (var part in first.Parts)
            {
                if (part.Text is { } text)
                    part.Text = pinning.Apply(text, RulePlaces.FirstUser);
            }
        }

        foreach (var (rule, count) in pinning.Changed)
            Count(context, rule, count);
    }

    private void Extract(PromptContext context, CancellationToken cancellationToken)
    {
        var target = LastUserText(context);
        var extraction = new Extraction(_lines, target is not null, cancellationToken);
        PromptTexts.EditSystem(context, text => Take(text, extraction, RulePlaces.System));
        if (context.Messages.FirstOrDefault(message => message.Role == "user") is { } first)
        {
            foreach (var part in first.Parts)
            {
                if (part.Text is { } text)
                    part.Text = Take(text, extraction, RulePlaces.FirstUser);
            }
        }

        if (extraction.Moved.Count > 0)
            target!.Text = MovedBlock.Append(target.Text!, extraction.Moved);
        foreach (var (rule, lines) in extraction.Taken)
            context.Note(rule, lines);
        if (context.IsWarmUp || !extraction.Taken.Any())
            return;
        _moved.Add(extraction.Lines(moved: true));
        _removed.Add(extraction.Lines(moved: false));
    }

    /// <summary>What was moved into a block is not looked at again.</summary>
    private static string Take(string text, Extraction extraction, RulePlaces place)
    {
        var before = text[..MovedBlock.LengthBefore(text)];
        var left = extraction.Take(before, place);
        return ReferenceEquals(left, before) ? text : left + text[before.Length..];
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

    [LoggerMessage(Level = LogLevel.Debug, SkipEnabledCheck = true, Message = "Request {Id}: {Rules}")]
    private partial void LogDone(string id, string rules);
}
