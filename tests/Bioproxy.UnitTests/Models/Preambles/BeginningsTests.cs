using System.Text;
using Bioproxy.Host.Models.Preambles;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Preambles;

public sealed class BeginningsTests
{
    /// <summary>Against the plain way: the prompt is compared with every beginning.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Add_RandomPrompts_SharesWhatComparingAllWouldFind(int seed)
    {
        var random = new Random(seed);
        var beginnings = new Beginnings();
        List<(string? Domain, string Text)> known = []; // the latest used is last
        for (var step = 0; step < 5000; step++)
        {
            var domain = (string?[])[null, "a", "b"];
            var text = string.Concat(Enumerable.Range(0, random.Next(3, 9)).Select(_ => "xyz"[random.Next(3)]));
            var asked = (Domain: domain[random.Next(3)], Text: text);
            var others = known.FindAll(one => one.Domain == asked.Domain);
            var same = others.Where(one => one.Text.StartsWith(asked.Text) || asked.Text.StartsWith(one.Text)).ToList();
            int? expected = same.Count > 0 ? null : others.Select(one => Shared(one.Text, asked.Text)).DefaultIfEmpty().Max();

            using var prompt = CanonicalPrompt.Copy(Encoding.ASCII.GetBytes(asked.Text), asked.Domain);
            Assert.Equal(expected, beginnings.Add(prompt));

            if (same.Count > 0)
                asked = same.MinBy(static one => one.Text, StringComparer.Ordinal);
            known.Remove(asked);
            known.Add(asked);
            if (known.Count > 64)
                known.RemoveAt(0);
        }

        static int Shared(string one, string other) => one.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count();
    }
}
