using System.Text;
using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Testing;

public class TinyModelWriterTests
{
    private static readonly TinyShape Shape = new(Layers: 1, Width: 32, HeadSize: 16, FeedForward: 32);

    public static TheoryData<string> Architectures => [.. Enum.GetNames<TinyArchitecture>()];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Write_SameSeed_SameBytes(string architecture)
        => Assert.Equal(Write(architecture, seed: 7), Write(architecture, seed: 7));

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Write_OtherSeed_SameShapeOtherWeights(string architecture)
    {
        var one = Write(architecture, seed: 7);
        var other = Write(architecture, seed: 8);

        Assert.Equal(one.Length, other.Length);
        Assert.NotEqual(one, other);
        Assert.Equal("GGUF", Encoding.ASCII.GetString(one, 0, 4));
    }

    [Fact]
    public void Write_TensorTable_ReachesExactlyToTheEnd()
    {
        var writer = new GgufWriter();
        writer.Add("key", "value");
        writer.Add(new GgufTensor("odd", GgufTensorType.Float32, [3, 3], (row, index) => row.Fill(index)));
        writer.Add(new GgufTensor("half", GgufTensorType.Float16, [16], (row, _) => row.Fill(0.5f)));
        using var stream = new MemoryStream();

        writer.Write(stream);

        // A header of 24 bytes, the metadata, two table rows, then 64 (36 aligned) and 32 bytes of tensors.
        const int metadata = 8 + 3 + 4 + 8 + 5;
        const int table = (8 + 3 + 4 + 16 + 4 + 8) + (8 + 4 + 4 + 8 + 4 + 8);
        const int head = (24 + metadata + table + 31) / 32 * 32;
        Assert.Equal(head + 64 + 32, stream.Length);
        Assert.Equal(2f, BitConverter.ToSingle(stream.ToArray(), head + 32));
        Assert.Equal((Half)0.5f, BitConverter.ToHalf(stream.ToArray(), head + 64));
    }

    [Fact]
    public void Ensure_Twice_KeepsTheFile()
    {
        var folder = Directory.CreateTempSubdirectory("bioproxy-models-");
        try
        {
            var first = TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Tiny, folder.FullName);
            var written = File.GetLastWriteTimeUtc(first);
            var second = TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Tiny, folder.FullName);

            Assert.Equal(first, second);
            Assert.Equal(written, File.GetLastWriteTimeUtc(second));
            Assert.Single(folder.GetFiles());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static byte[] Write(string architecture, int seed)
    {
        using var stream = new MemoryStream();
        TinyModelWriter.Write(stream, Enum.Parse<TinyArchitecture>(architecture), seed, Shape);
        return stream.ToArray();
    }
}
