namespace Bioproxy.Doubles;

/// <summary>A projector with random weights (<c>--mmproj</c>) that makes four tokens of any picture, for a model of the width of
/// <see cref="TinySize.Tiny"/>: LLaVA's shape, whose last layer is not computed, so that there is none.</summary>
internal static class TinyProjector
{
    private const int Patch = 14;
    private const int Side = 2;

    private static readonly int Width = TinyShape.Of(TinySize.Tiny).Width;

    /// <summary>Writes it to a file.</summary>
    public static void Write(string path)
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "clip");
        writer.Add("clip.has_vision_encoder", true);
        writer.Add("clip.projector_type", "mlp");
        writer.Add("clip.use_gelu", true);
        writer.Add("clip.vision.image_size", (uint)(Side * Patch));
        writer.Add("clip.vision.patch_size", (uint)Patch);
        writer.Add("clip.vision.embedding_length", (uint)Width);
        writer.Add("clip.vision.feed_forward_length", (uint)Width);
        writer.Add("clip.vision.projection_dim", (uint)Width);
        writer.Add("clip.vision.block_count", 1u);
        writer.Add("clip.vision.attention.head_count", 2u);
        writer.Add("clip.vision.attention.layer_norm_epsilon", 1e-5f);
        writer.Add("clip.vision.image_mean", [0.5f, 0.5f, 0.5f]);
        writer.Add("clip.vision.image_std", [0.5f, 0.5f, 0.5f]);
        Add(writer, "v.patch_embd.weight", 0.05f, Patch, Patch, 3, Width);
        Add(writer, "v.position_embd.weight", 0.5f, Width, Side * Side);
        foreach (var name in new[] { "attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down" })
            AddLayer(writer, $"v.blk.0.{name}", Width, Width);
        AddLayer(writer, "v.blk.0.ln1", Width);
        AddLayer(writer, "v.blk.0.ln2", Width);
        AddLayer(writer, "mm.0", Width, Width);
        AddLayer(writer, "mm.2", Width, Width);
        using var file = File.Create(path);
        writer.Write(file);
    }

    private static void AddLayer(GgufWriter writer, string name, params long[] shape)
    {
        Add(writer, name + ".weight", 0.1f, shape);
        Add(writer, name + ".bias", 0.1f, Width);
    }

    private static void Add(GgufWriter writer, string name, float scale, params long[] shape)
    {
        var weights = new SeededWeights(1, name);
        writer.Add(new GgufTensor(name, GgufTensorType.Float32, shape, (row, _) =>
        {
            foreach (ref var weight in row)
                weight = weights.Normal() * scale;
        }));
    }
}
