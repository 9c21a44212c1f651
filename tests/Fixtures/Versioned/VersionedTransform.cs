using System.Composition;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Versioned;

/// <summary>Signs the last user message with its version, and writes its life into <c>life.txt</c> of the plugin's data folder.</summary>
[PromptTransform("versioned")]
[Shared]
[method: ImportingConstructor]
public sealed class VersionedTransform(IPluginServices services) : IPromptTransform, IPluginLifetime
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        var part = context.Messages.LastOrDefault(message => message.Role == "user")?.Parts.FirstOrDefault(part => part.Text is not null);
        if (part is not null)
            part.Text += $" [in {Generation.Name}]";
        return ValueTask.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => WriteAsync("start", cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => WriteAsync("stop", cancellationToken);

    private Task WriteAsync(string what, CancellationToken cancellationToken) =>
        File.AppendAllTextAsync(Path.Combine(services.DataFolder, "life.txt"), $"{what} {Generation.Name}\n", cancellationToken);
}
