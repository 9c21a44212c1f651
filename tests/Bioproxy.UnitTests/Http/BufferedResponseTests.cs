using System.Text;
using Bioproxy.Host.Http;

namespace Bioproxy.UnitTests.Http;

public sealed class BufferedResponseTests
{
    private const string Body = "{\"content\":\"an answer\"}";

    [Fact]
    public void Pass_SplitAnywhere_IsHeldUntilItIsWhole()
    {
        var bytes = Encoding.UTF8.GetBytes(Body);
        for (var at = 0; at <= bytes.Length; at++)
        {
            var seen = new List<string>();
            using var gate = new BufferedResponse(bytes.Length, body => seen.Add(Text(body)));

            var first = at == 0 ? "" : Text(gate.Pass(bytes.AsMemory(0, at)));
            Assert.Equal(at == bytes.Length ? Body : "", first);
            Assert.Equal(at == bytes.Length, gate.IsOpen);
            Assert.False(gate.AreHeadersDue);
            var second = at == bytes.Length ? "" : Text(gate.Pass(bytes.AsMemory(at)));

            Assert.Equal(Body, first + second);
            Assert.Equal([Body], seen);
            Assert.True(gate.IsOpen);
            Assert.True(gate.End().IsEmpty);
        }
    }

    [Fact]
    public void Pass_ReadsOfOneByte_AreHeldUntilItIsWhole()
    {
        var seen = new List<string>();
        using var gate = new BufferedResponse(Body.Length, body => seen.Add(Text(body)));

        var passed = Encoding.UTF8.GetBytes(Body).Select(one => Text(gate.Pass(new[] { one }))).ToList();

        Assert.All(passed.SkipLast(1), nothing => Assert.Equal("", nothing));
        Assert.Equal(Body, passed[^1]);
        Assert.Equal([Body], seen);
    }

    [Fact]
    public void End_BrokenOff_TellsAndPassesNothing()
    {
        var seen = new List<string>();
        using var gate = new BufferedResponse(Body.Length, body => seen.Add(Text(body)));
        gate.Pass(Encoding.UTF8.GetBytes(Body[..5]));

        Assert.True(gate.End().IsEmpty);
        Assert.Empty(seen);
        Assert.False(gate.IsOpen);
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
