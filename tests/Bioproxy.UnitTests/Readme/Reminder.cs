using System.Composition;
using System.Text.Json.Serialization;
using Bioproxy.Abstractions;

namespace MyPlugins;

[PromptTransform("reminder")]
[method: ImportingConstructor]
public sealed class Reminder(IPluginServices services) : IPromptTransform
{
    private readonly ReminderSettings _settings = services.Read(ReminderJson.Default.ReminderSettings);

    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        var last = context.Messages.LastOrDefault(m => m.Role == "user");
        if (last?.Parts.LastOrDefault(p => p.Text is not null) is { } part)
            part.Text += "\n\n" + _settings.Text;
        return ValueTask.CompletedTask;
    }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)] // a misspelt key is an error that names it
internal sealed class ReminderSettings
{
    public string Text { get; set; } = "Answer in English."; // set, not init: init would lose the default
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReminderSettings))]
internal sealed partial class ReminderJson : JsonSerializerContext;
