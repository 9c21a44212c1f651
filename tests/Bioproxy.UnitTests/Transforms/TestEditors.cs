using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Telemetry;
using Bioproxy.Host.Transforms;
using Bioproxy.UnitTests.Plugins;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bioproxy.UnitTests.Transforms;

/// <summary>Response transforms out of functions, and what they make of bytes.</summary>
internal static class TestEditors
{
    private static readonly ProxyMetrics Metrics = new(TimeProvider.System);

    /// <param name="begins">In the order of the way in.</param>
    public static ResponseEdits Edits(params Func<ResponseChannel, IResponseEditor?>[] begins) => new(
        [.. begins.Select((begin, i) => new PluginResponseTransform("plugin", $"part {i}", i, new Part(begin)))],
        new ResponseContext(Prompts.User("x"), isStream: true),
        new PluginFence(
            PluginBudget.OfTransforms(TimeSpan.FromSeconds(2)), Metrics, new FakeTimeProvider(), NullLogger<PluginFence>.Instance));

    /// <summary>What a stream becomes, fed in these pieces.</summary>
    public static byte[] Stream(IEnumerable<ReadOnlyMemory<byte>> pieces, params Func<ResponseChannel, IResponseEditor?>[] begins)
    {
        using var editor = new StreamEditor(Edits(begins));
        return Feed(editor, pieces);
    }

    public static string Stream(string stream, params Func<ResponseChannel, IResponseEditor?>[] begins) =>
        Encoding.UTF8.GetString(Stream([Encoding.UTF8.GetBytes(stream)], begins));

    public static byte[] Feed(ResponseFilter filter, IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var output = new MemoryStream();
        foreach (var piece in pieces)
        {
            // As of a buffer that is used again: nothing may be kept of it.
            byte[] lent = piece.ToArray();
            output.Write(filter.Pass(lent).Span);
            Array.Fill(lent, (byte)'!');
        }

        output.Write(filter.End().Span);
        return output.ToArray();
    }

    /// <summary>Every way to cut the bytes in two, and one way in single bytes.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>[]> Splits(byte[] bytes)
    {
        for (var i = 0; i <= bytes.Length; i++)
            yield return [bytes.AsMemory(0, i), bytes.AsMemory(i)];
        yield return [.. Enumerable.Range(0, bytes.Length).Select(i => (ReadOnlyMemory<byte>)bytes.AsMemory(i, 1))];
    }

    public static IResponseEditor? Same(ResponseChannel channel) => new Editor(text => text, () => "");

    public static IResponseEditor? Nobody(ResponseChannel channel) => null;

    /// <summary>Changes nothing until the end, and then adds something.</summary>
    public static Func<ResponseChannel, IResponseEditor?> Signs(string signature) => _ => new Editor(text => text, () => signature);

    /// <summary>Lets nothing pass before the end.</summary>
    public static IResponseEditor? HoldsAll(ResponseChannel channel)
    {
        var held = new StringBuilder();
        return new Editor(
            text =>
            {
                held.Append(text);
                return "";
            },
            held.ToString);
    }

    public static IResponseEditor? Upper(ResponseChannel channel) => new Editor(text => text.ToUpperInvariant(), () => "");

    internal sealed class Editor(Func<string, string> edit, Func<string> finish) : IResponseEditor
    {
        public string Edit(string text) => edit(text);

        public string Finish() => finish();
    }

    internal sealed class Part(Func<ResponseChannel, IResponseEditor?> begin) : IResponseTransform
    {
        public IResponseEditor? Begin(ResponseContext context, ResponseChannel channel) => begin(channel);
    }
}
