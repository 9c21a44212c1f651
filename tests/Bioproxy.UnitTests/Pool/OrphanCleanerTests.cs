using System.Diagnostics;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Pool;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Pool;

public sealed class OrphanCleanerTests : IDisposable
{
    private static readonly ProcessIdentity DeadOwner = ProcessIdentity.Current with { Start = "long ago" };

    private readonly ModelFileFolder _folder = new();
    private readonly Process _child;
    private readonly string _mark = Guid.NewGuid().ToString("N");

    public OrphanCleanerTests()
    {
        var start = new ProcessStartInfo("sleep", ["600"]);
        start.Environment[MarkedProcesses.Variable] = _mark;
        _child = Process.Start(start)!;
    }

    public void Dispose()
    {
        _child.Kill();
        _child.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Clean_ChildOfADeadProxy_IsEnded()
    {
        Write(Record() with { Mark = "other" });

        Assert.Equal(1, await CleanAsync());

        await _child.WaitForExitAsync().DefaultTimeout();
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    /// <summary>A script that ends with exec: the program is another one than at the start.</summary>
    [Fact]
    public async Task Clean_OtherProgramWithTheMark_IsEnded()
    {
        Write(Record() with { Program = "/bin/sh" });

        Assert.Equal(1, await CleanAsync());
    }

    /// <summary>The child was a script that has ended, and left the server that it started.</summary>
    [Fact]
    public async Task Clean_ProcessOfAChildThatHasEnded_IsEnded()
    {
        var record = Record();
        Write(record with { Child = record.Child with { Id = int.MaxValue } });

        Assert.Equal(1, await CleanAsync());

        await _child.WaitForExitAsync().DefaultTimeout();
    }

    [Fact]
    public async Task Clean_OtherProgramWithoutTheMark_IsLeftAlone()
    {
        Write(Record() with { Program = "/usr/bin/llama-server", Mark = "other" });

        await AssertLeftAloneAsync();
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Clean_NumberUsedAgain_IsLeftAlone()
    {
        var record = Record();
        Write(record with { Child = record.Child with { Start = record.Child.Start + "0" }, Mark = "other" });

        await AssertLeftAloneAsync();
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Clean_ChildOfALivingProxy_IsLeftAlone()
    {
        Write(Record() with { Owner = ProcessIdentity.Current });

        await AssertLeftAloneAsync();
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Clean_NothingOrRubbish_IsNoProblem()
    {
        _folder.Write("half.json", "{ \"model\": "u8.ToArray());
        _folder.Write("empty.json", "{ }"u8.ToArray());
        _folder.Write("null.json", "null"u8.ToArray());

        Assert.Equal(0, await CleanAsync());
        Assert.Empty(Directory.GetFiles(_folder.Path));
        Assert.Equal(0, await CleanAsync("/nowhere"));
    }

    private ChildRecord Record()
    {
        var child = ProcessIdentity.Of(_child.Id)!;
        return new ChildRecord("qwen", child, DeadOwner, ProcessIdentity.ProgramOf(_child.Id), _mark, ["sleep", "600"]);
    }

    private void Write(ChildRecord record) => ChildFile.Write(_folder.Path, record);

    private async Task AssertLeftAloneAsync()
    {
        Assert.Equal(0, await CleanAsync());
        Assert.False(_child.HasExited);
    }

    private Task<int> CleanAsync(string? folder = null) =>
        new OrphanCleaner(new PoolFolders(folder ?? _folder.Path, "", "/"), TimeProvider.System, NullLogger<OrphanCleaner>.Instance)
            .CleanAsync(default).DefaultTimeout();
}
