using System.Runtime.InteropServices;
using Bioproxy.Abstractions;

namespace Bioproxy.Fixtures.Native;

/// <summary>Tells the version of its native library, by asking it.</summary>
[PromptTransform("native")]
public sealed partial class NativeTransform : IPromptTransform
{
    public ValueTask TransformAsync(PromptContext context, CancellationToken cancellationToken)
    {
        _ = Version(out var major, out var minor);
        if (context.Messages[^1].Parts[0] is { Text: { } text } part)
            part.Text = $"{text} [capstone {major}.{minor}]";
        return ValueTask.CompletedTask;
    }

    [LibraryImport("capstone", EntryPoint = "cs_version")]
    private static partial uint Version(out int major, out int minor);
}
