using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Settings;

/// <summary>Puts the configured greeting before the last message, as often as configured.</summary>
[PromptTransform("greeting")]
[method: ImportingConstructor]
public sealed class GreetingTransform(IPluginServices services) : IPromptTransform
{
    private readonly GreetingSettings _settings = services.Read(SettingsJson.Default.GreetingSettings);

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        if (context.Messages[^1].Parts[0] is { Text: { } text } part)
            part.Text = string.Concat(Enumerable.Repeat(_settings.Greeting + " ", _settings.Times)) + text;
        return ValueTask.CompletedTask;
    }
}
