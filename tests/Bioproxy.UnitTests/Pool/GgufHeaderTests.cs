using Bioproxy.Doubles;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class GgufHeaderTests : IDisposable
{
    private readonly ModelFileFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TinyArchitecture.Llama, "llama", 128)]
    [InlineData(TinyArchitecture.Gemma3, "gemma3", 128)]
    [InlineData(TinyArchitecture.Mamba, "mamba", 0)]
    public void Read_TinyModel_GivesItsShape(object architecture, string name, long elements)
    {
        var path = _folder.Tiny((TinyArchitecture)architecture);

        var (header, problem) = GgufHeader.Read(path);

        Assert.Null(problem);
        Assert.Equal((name, 131072), (header!.Architecture, header.ContextLength));

        // Two layers, two heads of 32.
        Assert.Equal((elements, elements), (header.KeyElements, header.ValueElements));
        Assert.InRange(header.TensorBytes, new FileInfo(path).Length / 2, new FileInfo(path).Length - 1);
    }

    [Fact]
    public void Read_Tensors_AreCountedWithoutTheHeader()
    {
        var path = _folder.Write("a.gguf", writer => writer.Add("general.architecture", "llama"));

        Assert.Equal(4000, GgufHeader.Read(path).Header!.TensorBytes);
    }

    [Fact]
    public void Read_KvHeadsOfEachLayer_AreSummed()
    {
        var path = _folder.Write("a.gguf", writer =>
        {
            writer.Add("general.architecture", "new");
            writer.Add("new.block_count", 3u);
            writer.Add("new.embedding_length", 64u);
            writer.Add("new.attention.head_count", 4u);
            writer.Add("new.attention.head_count_kv", [2, 0, 1]);
            writer.Add("new.attention.value_length", 8u);
            writer.Add("tokenizer.ggml.tokens", ["a", "b"]);
            writer.Add("tokenizer.ggml.scores", [1f, 2f]);
            writer.Add("new.flag", true);
            writer.Add("new.epsilon", 1e-5f);
        });

        var header = GgufHeader.Read(path).Header!;

        // The length of a key is not given: 64 / 4.
        Assert.Equal((3 * 16L, 3 * 8L), (header.KeyElements, header.ValueElements));
    }

    [Fact]
    public void Read_NoKvHeads_AreAsManyAsHeads()
    {
        var path = _folder.Write("a.gguf", writer =>
        {
            writer.Add("general.architecture", "new");
            writer.Add("new.block_count", 3u);
            writer.Add("new.embedding_length", 64u);
            writer.Add("new.attention.head_count", 4u);
        });

        Assert.Equal(3 * 4 * 16, GgufHeader.Read(path).Header!.KeyElements);
    }

    [Fact]
    public void Read_OtherFile_IsAProblem()
    {
        Assert.Contains("not a GGUF file", GgufHeader.Read(_folder.Write("a", "hello"u8.ToArray())).Problem, StringComparison.Ordinal);
        Assert.Contains("version 1", GgufHeader.Read(_folder.Write("b", "GGUF\u0001\0\0\0"u8.ToArray())).Problem, StringComparison.Ordinal);
        Assert.NotNull(GgufHeader.Read(Path.Combine(_folder.Path, "none")).Problem);
        Assert.NotNull(GgufHeader.Read(_folder.Path).Problem);
    }

    /// <summary>Whatever length a damaged file claims, it is a problem, and no memory is taken for it.</summary>
    [Fact]
    public void Read_FileCutOrDamagedAnywhere_NeverThrows()
    {
        var whole = File.ReadAllBytes(_folder.Write("a.gguf", writer =>
        {
            writer.Add("general.architecture", "new");
            writer.Add("new.attention.head_count_kv", [2, 0, 1]);
            writer.Add("tokenizer.ggml.tokens", ["a", "b"]);
        }));
        var header = whole.Length - 4000;
        for (var at = 0; at < header; at++)
        {
            var damaged = whole.ToArray();
            damaged.AsSpan(at, Math.Min(8, header - at)).Fill(0xFF);
            _ = GgufHeader.Read(_folder.Write("damaged", damaged));
            if (at < header - 64)
                Assert.NotNull(GgufHeader.Read(_folder.Write("cut", whole[..at])).Problem);
        }
    }
}
