using System.Text;
using Bioproxy.Host.Json;

namespace Bioproxy.UnitTests.Json;

public sealed class SplicedBodyTests
{
    private static readonly byte[] Body = "0123456789"u8.ToArray();

    [Fact]
    public void Splices_OfTheJsonInABody_LeaveWhatIsAroundIt()
    {
        byte[] body = [0xEF, 0xBB, 0xBF, .. "{\"a\":1}"u8, 0, (byte)'x'];

        var spliced = new SplicedBody(body, [new JsonSplice(new JsonRange(5, 1), "22"u8.ToArray())], start: 3);

        byte[] expected = [0xEF, 0xBB, 0xBF, .. "{\"a\":22}"u8, 0, (byte)'x'];
        Assert.Equal(expected, spliced.ToArray());
        Assert.Equal(13, spliced.Length);
    }

    [Fact]
    public void NoSplice_IsTheClientsOwnMemory()
    {
        var spliced = new SplicedBody(Body, []);

        var piece = Assert.Single(spliced.Pieces);
        Assert.True(piece.Span == Body);
        Assert.Equal(10, spliced.Length);
    }

    [Fact]
    public void EmptyBody_HasNoPieces()
    {
        var spliced = new SplicedBody(ReadOnlyMemory<byte>.Empty, []);

        Assert.Empty(spliced.Pieces);
        Assert.Equal(0, spliced.Length);
    }

    [Theory]
    [InlineData(0, 0, "ab", "ab0123456789")]
    [InlineData(10, 0, "ab", "0123456789ab")]
    [InlineData(0, 10, "ab", "ab")]
    [InlineData(0, 10, "", "")]
    [InlineData(3, 4, "ab", "012ab789")]
    [InlineData(3, 4, "", "012789")]
    public void OneSplice_ReplacesInsertsOrRemoves(int start, int length, string replacement, string expected) =>
        Assert.Equal(expected, Splice((start, length, replacement)));

    [Fact]
    public void SeveralSplices_InAnyOrder_AreTheSame()
    {
        Assert.Equal("<0>1<23>45678", Splice((9, 1, ""), (0, 1, "<0>"), (2, 2, "<23>")));
        Assert.Equal("<0>1<23>45678", Splice((0, 1, "<0>"), (2, 2, "<23>"), (9, 1, "")));
    }

    [Fact]
    public void Splices_Touching_DoNotOverlap() => Assert.Equal("abXcd456789", Splice((0, 2, "ab"), (2, 0, "X"), (2, 2, "cd")));

    [Fact]
    public void Splices_Overlapping_AreRefused() => Assert.Throws<ArgumentException>(() => Splice((0, 3, "a"), (2, 2, "b")));

    [Fact]
    public void Splices_Random_AreAsTextReplacement()
    {
        var random = new Random(5);
        for (var round = 0; round < 2000; round++)
        {
            var body = new byte[random.Next(0, 60)];
            random.NextBytes(body);
            var splices = new List<JsonSplice>();
            var expected = new List<byte>();
            var at = 0;
            while (random.Next(4) > 0 && at < body.Length)
            {
                var start = random.Next(at, body.Length + 1);
                var length = random.Next(0, body.Length - start + 1);
                var replacement = new byte[random.Next(0, 5)];
                random.NextBytes(replacement);
                expected.AddRange(body[at..start]);
                expected.AddRange(replacement);
                splices.Add(new JsonSplice(new JsonRange(start, length), replacement));
                at = start + Math.Max(1, length); // two at one place would have no order
                if (length == 0 && start < body.Length)
                    expected.Add(body[start]);
            }

            expected.AddRange(at < body.Length ? body[at..] : []);
            var shuffled = splices.ToArray();
            random.Shuffle(shuffled);
            var spliced = new SplicedBody(body, shuffled);

            Assert.Equal(expected, spliced.ToArray());
            Assert.Equal(expected.Count, spliced.Length);
            Assert.Equal(expected, spliced.Pieces.SelectMany(p => p.ToArray()));
        }
    }

    private static string Splice(params (int Start, int Length, string Replacement)[] splices)
    {
        var all = splices.Select(s => new JsonSplice(new JsonRange(s.Start, s.Length), Encoding.ASCII.GetBytes(s.Replacement)));
        return Encoding.ASCII.GetString(new SplicedBody(Body, [.. all]).ToArray());
    }
}
