using Bioproxy.Doubles;
using Bioproxy.Host.Pool;

namespace Bioproxy.UnitTests.Pool;

public sealed class MemoryEstimateTests : IDisposable
{
    // Two layers, two heads of 32, keys and values, two bytes each.
    private const long TokenBytes = 2 * 2 * 32 * 2 * 2;

    private readonly ModelFileFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", 131072 * TokenBytes)]
    [InlineData("-c 1000", 1000 * TokenBytes)]
    [InlineData("--ctx-size 1000", 1000 * TokenBytes)]
    [InlineData("-c 0", 131072 * TokenBytes)]
    [InlineData("-c 1000 -c 2000", 2000 * TokenBytes)]
    [InlineData("-c 1000 -ctk f32 --cache-type-v q8_0", 1000 * ((128 * 4) + (128 * 34 / 32)))]
    [InlineData("-c 1000 -ctk new", 1000 * TokenBytes)]
    public void Of_ContextOptions_DecideTheCache(string options, long expectedCache)
    {
        var model = _folder.Tiny();
        var weights = GgufHeader.Read(model).Header!.TensorBytes;

        Assert.Equal(weights + expectedCache, Of($"llama-server -m {model} {options}"));
    }

    [Fact]
    public void Of_RelativePath_StartsAtTheFolder() =>
        Assert.NotNull(Of($"llama-server --model {Path.GetFileName(_folder.Tiny())}"));

    [Fact]
    public void Of_RecurrentModel_HasNoCache()
    {
        var model = _folder.Tiny(TinyArchitecture.Mamba);

        Assert.Equal(GgufHeader.Read(model).Header!.TensorBytes, Of($"llama-server -m {model}"));
    }

    [Fact]
    public void Of_FurtherFiles_AreAdded()
    {
        var first = _folder.Write("m-00001-of-00002.gguf", writer => writer.Add("general.architecture", "llama"));
        _folder.Write("m-00002-of-00002.gguf", new byte[500]);
        _folder.Write("eyes.gguf", new byte[30]);
        _folder.Write("draft.gguf", new byte[2]);

        Assert.Equal(4500, Of($"llama-server -m {first}"));
        Assert.Equal(4532, Of($"llama-server -m {first} --mmproj eyes.gguf -md draft.gguf"));
    }

    [Theory]
    [InlineData("llama-server -hf org/repo")]
    [InlineData("llama-server -m none.gguf")]
    [InlineData("llama-server -m")]
    public void Of_NoFile_IsNotKnown(string command) => Assert.Null(Of(command));

    private long? Of(string command) => MemoryEstimate.Of(command.Split(' ', StringSplitOptions.RemoveEmptyEntries), _folder.Path);
}
