using System.Text.RegularExpressions;
using Bioproxy.Host;
using Bioproxy.Host.Configuration;
using Bioproxy.UnitTests.Configuration;

namespace Bioproxy.UnitTests.Security;

public sealed partial class KeyCommandTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("alice")]
    [InlineData("admin")]
    public async Task New_Entry_IsWhatTheConfigurationNeeds(string name)
    {
        await using var output = new StringWriter();
        Assert.Equal(0, await KeyCommand.NewAsync(name, output, CancellationToken.None));
        var lines = output.ToString().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        var options = _folder.Valid($"{{ {lines[^1]} }}");

        var hash = name == "admin" ? options.AdminKey!.Hash : Assert.Single(options.ApiKeys, key => key.Name == name).Hash;
        Assert.Equal(KeyHash.OfKey(lines[1]), hash);
        Assert.Matches(Key(), lines[1]);
    }

    [Fact]
    public async Task New_Twice_AreTwoKeys()
    {
        await using var one = new StringWriter();
        await using var other = new StringWriter();
        await KeyCommand.NewAsync("a", one, CancellationToken.None);
        await KeyCommand.NewAsync("a", other, CancellationToken.None);

        Assert.NotEqual(one.ToString(), other.ToString());
    }

    [GeneratedRegex("^bp-[A-Za-z0-9_-]{43}$")]
    private static partial Regex Key();
}
