using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// The README's first command, with a short template: it reads the status page of the real program, which nothing else does.
/// </summary>
public sealed class DemoTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Demo_Once_ShowsThatTemplateAndConversationCameFromDisk()
    {
        var demo = Path.Combine(RepositoryFolder.Root!, "tests", "Bioproxy.Demo", "bin", HostOutput.Build, "Bioproxy.Demo.dll");
        await using var process = ServerProcess.Start("dotnet", [demo, "--once", "--tokens", "600"]);
        var code = await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));

        var said = process.Log.ToString();
        output.WriteLine(said);
        Assert.Contains("of the template came from disk (X-Bioproxy-Cache: restored).", said, StringComparison.Ordinal);
        Assert.Contains("of the conversation survived it (X-Bioproxy-Cache: restored).", said, StringComparison.Ordinal);
        Assert.DoesNotContain("something is wrong", said, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }
}
