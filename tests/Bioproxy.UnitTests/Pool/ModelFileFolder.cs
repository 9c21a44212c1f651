using Bioproxy.Doubles;

namespace Bioproxy.UnitTests.Pool;

/// <summary>A temporary folder with model files.</summary>
internal sealed class ModelFileFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-pool-");

    public string Path => _folder.FullName;

    public string Tiny(TinyArchitecture architecture = TinyArchitecture.Llama) =>
        TinyModel.Ensure(architecture, seed: 1, TinySize.Tiny, Path);

    public string Write(string name, byte[] content)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Writes a GGUF file with one vector of 1,000 floats.</summary>
    public string Write(string name, Action<GgufWriter> add)
    {
        var writer = new GgufWriter();
        add(writer);
        writer.Add(new GgufTensor("x", GgufTensorType.Float32, [1000], (row, _) => row.Fill(1)));
        var path = System.IO.Path.Combine(Path, name);
        using var stream = File.Create(path);
        writer.Write(stream);
        return path;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
