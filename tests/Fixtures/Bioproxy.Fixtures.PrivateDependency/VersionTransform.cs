using System.CommandLine;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.PrivateDependency;

/// <summary>Tells which version of the library it got.</summary>
[PromptTransform("private-dependency")]
public sealed class VersionTransform : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        var command = new Command("x");
        if (context.Messages[^1].Parts[0] is { Text: { } text } part)
            part.Text = $"{text} [System.CommandLine {command.GetType().Assembly.GetName().Version}]";
        return ValueTask.CompletedTask;
    }
}
