using Bioproxy.Doubles;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Pool;

public sealed class GpuChooserTests : IDisposable
{
    private readonly ModelFileFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0, 1000\n1, 24000\n2, 8000\n", "1")]
    [InlineData("0, 10\n1, 10\n", "0")]
    [InlineData("0, [N/A]\n1, 5\n", "1")]
    [InlineData("", null)]
    [InlineData("No devices were found\n", null)]
    public void MostFree_Output_GivesTheIndex(string output, string? expected) => Assert.Equal(expected, GpuChooser.MostFree(output));

    [Fact]
    public async Task Choose_Auto_AsksTheProgram()
    {
        var script = Script("""
            [ "$*" = "--query-gpu=index,memory.free --format=csv,noheader,nounits" ] || exit 3
            printf '0, 1000\n1, 24000\n'
            """);

        var variables = await ChooseAsync(script, "auto");

        Assert.Equal(("1", "PCI_BUS_ID"), (variables["CUDA_VISIBLE_DEVICES"], variables["CUDA_DEVICE_ORDER"]));
    }

    [Fact]
    public async Task Choose_ProgramMissingOrFailing_LeavesTheChoiceToTheServer()
    {
        Assert.Empty(await ChooseAsync("/nowhere/nvidia-smi", "auto"));
        Assert.Empty(await ChooseAsync(Script("echo '0, 5'; exit 9"), "auto"));
        Assert.Empty(await ChooseAsync(Script("echo 'No devices were found'"), "auto"));
    }

    [Fact]
    public async Task Choose_Named_AsksNobody()
    {
        Assert.Equal("0,1", (await ChooseAsync("/nowhere/nvidia-smi", "0,1"))["CUDA_VISIBLE_DEVICES"]);
        Assert.Empty(await ChooseAsync("/nowhere/nvidia-smi", null));
    }

    private static Task<IReadOnlyDictionary<string, string>> ChooseAsync(string program, string? gpu) =>
        new GpuChooser(program, TimeProvider.System, NullLogger<GpuChooser>.Instance).ChooseAsync(gpu, default).DefaultTimeout();

    private string Script(string body)
    {
        var path = _folder.Write($"{Guid.NewGuid():N}.sh", System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\n{body}\n"));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
