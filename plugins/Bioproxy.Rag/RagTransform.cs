using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.Rag;

/// <summary><c>/rag</c>: appends passages from the user's own files to the user's message, with their sources.</summary>
/// <remarks>
/// Behind them, so that everything ahead (template, history, the words themselves) keeps its KV cache. The last message of a conversation
/// gets what is found now. An earlier one gets exactly what it got when it was asked, whatever has become of the files: otherwise the
/// conversation would lose its KV cache from there on.
/// </remarks>
[PromptTransform(Command, Command = Command, RunsForHistory = true)]
public sealed class RagTransform : IPromptTransform, IPluginLifetime
{
    private const string Command = "rag";

    private readonly IPluginServices _services;
    private readonly RagSettings _settings;
    private readonly LiveIndex _index;
    private readonly BlockKeeper _blocks;
    private readonly IPluginCounter _questions;
    private readonly IPluginCounter _passages;
    private readonly IPluginHistogram _searchTime;

    /// <summary>Reads the settings.</summary>
    /// <param name="services">The host's services.</param>
    /// <exception cref="PluginSettingsException">The settings cannot be used.</exception>
    [ImportingConstructor]
    public RagTransform(IPluginServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        _settings = RagSettings.Read(services);
        _index = new LiveIndex(_settings, services.TimeProvider, services.Logger);
        _blocks = new BlockKeeper(services);
        _questions = services.Metrics.Counter("questions", "Messages for which passages were looked for.");
        _passages = services.Metrics.Counter("passages", "Passages that messages got.");
        _searchTime = services.Metrics.Histogram("search_seconds", "Time that a search of the index took.");
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _blocks.Start();
        _ = _index.Look();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_index.StopAsync(cancellationToken), _blocks.StopAsync(cancellationToken));

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The files have not been read yet.</exception>
    public async ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        var key = "";
        for (var i = 0; i < context.Messages.Count; i++)
        {
            var message = context.Messages[i];
            if (message.Role != "user" || !message.Commands.Contains(Command) || FirstText(message) is not { Text: { } text } part
                || string.IsNullOrWhiteSpace(text))
                continue;
            key = BlockMemory.Key(key, text);
            var isAnswered = i < context.Messages.Count - 1;
            if ((isAnswered ? _blocks.Find(key) : null) is not { } block)
            {
                block = await FindAsync(text, cancellationToken);
                if (!context.IsWarmUp)
                    _blocks.Remember(key, block);
            }

            part.Text = $"{text}\n\n{block}";
        }
    }

    private async ValueTask<string> FindAsync(string text, CancellationToken cancellationToken)
    {
        var index = await _index.CurrentAsync(cancellationToken);
        var started = _services.TimeProvider.GetTimestamp();

        // Some more than wanted: not all may fit.
        var ranked = index.Search(WithoutPrefix(text), _settings.Passages * 4);
        _searchTime.Record(_services.TimeProvider.GetElapsedTime(started).TotalSeconds);
        var passages = PassageBlock.Choose(ranked, _settings.Passages, _settings.MaxCharacters);
        _questions.Add();
        _passages.Add(passages.Count);
        return PassageBlock.Of(passages);
    }

    // "@code How …" shall not find files about code. The library lists the longest prefixes first.
    private ReadOnlySpan<char> WithoutPrefix(string text)
    {
        foreach (var prefix in _services.Templates.Prefixes)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal)
                && (text.Length == prefix.Length || char.IsWhiteSpace(text[prefix.Length])))
                return text.AsSpan(prefix.Length);
        }

        return text;
    }

    // The text that the command stood in, and the one that the prefix expander puts behind a template.
    private static PromptPart? FirstText(PromptMessage message)
    {
        foreach (var part in message.Parts)
        {
            if (part is { Type: "text" or "input_text", Text: not null })
                return part;
        }

        return null;
    }
}
