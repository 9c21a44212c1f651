using System.Globalization;

namespace Bioproxy.Doubles;

/// <summary>
/// Random models of three architectures. The gains are chosen so that the context matters: attention is sharp, and what a layer adds
/// outweighs the embedding of the last token, so a wrong prefix changes the next token's log-probabilities by several units.
/// </summary>
internal sealed class TinyModelWriter
{
    private const int ContextLength = 131072;
    private const int MambaStates = 16;

    private readonly GgufWriter _writer = new();
    private readonly int _seed;
    private readonly TinyShape _shape;

    private TinyModelWriter(int seed, TinyShape shape)
    {
        _seed = seed;
        _shape = shape;
    }

    public static void Write(Stream stream, TinyArchitecture architecture, int seed, TinyShape shape)
    {
        var model = new TinyModelWriter(seed, shape);
        switch (architecture)
        {
            case TinyArchitecture.Llama:
                model.AddCommon("llama");
                model.AddAttentionMetadata("llama");
                model.AddAttentionLayers(gemma: false);
                break;
            case TinyArchitecture.Gemma3:
                model.AddCommon("gemma3");
                model.AddAttentionMetadata("gemma3");
                model._writer.Add("gemma3.attention.sliding_window", 512u);
                model._writer.Add("gemma3.attention.sliding_window_pattern", 2u);
                model.AddAttentionLayers(gemma: true);
                break;
            case TinyArchitecture.Mamba:
                model.AddCommon("mamba");
                model.AddMamba();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(architecture), architecture, null);
        }

        model._writer.Write(stream);
    }

    private void AddCommon(string architecture)
    {
        _writer.Add("general.architecture", architecture);
        _writer.Add("general.type", "model");
        _writer.Add("general.name", string.Create(CultureInfo.InvariantCulture, $"tiny-{architecture}"));
        _writer.Add("general.file_type", 1u);
        _writer.Add("general.quantization_version", 2u);
        _writer.Add($"{architecture}.context_length", (uint)ContextLength);
        _writer.Add($"{architecture}.embedding_length", (uint)_shape.Width);
        _writer.Add($"{architecture}.block_count", (uint)_shape.Layers);
        _writer.Add($"{architecture}.vocab_size", (uint)TinyVocabulary.Count);
        _writer.Add($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        TinyVocabulary.AddTo(_writer);

        // gemma3 multiplies the embedding by sqrt(width).
        var embedding = architecture == "gemma3" ? 0.7f / MathF.Sqrt(_shape.Width) : 0.7f;
        AddMatrix("token_embd.weight", _shape.Width, TinyVocabulary.Count, embedding * MathF.Sqrt(_shape.Width));
        AddVector("output_norm.weight", _shape.Width, 1f);
        var output = new SeededWeights(_seed, "output.weight");
        var scale = 3f / MathF.Sqrt(_shape.Width);
        _writer.Add(new GgufTensor("output.weight", GgufTensorType.Float16, [_shape.Width, TinyVocabulary.Count], (row, token) =>
        {
            foreach (ref var weight in row)
                weight = TinyVocabulary.IsSpoken(token) ? output.Normal() * scale : 0f;
        }));
    }

    private void AddAttentionMetadata(string architecture)
    {
        _writer.Add($"{architecture}.feed_forward_length", (uint)_shape.FeedForward);
        _writer.Add($"{architecture}.attention.head_count", (uint)_shape.Heads);
        _writer.Add($"{architecture}.attention.head_count_kv", (uint)_shape.Heads);
        _writer.Add($"{architecture}.attention.key_length", (uint)_shape.HeadSize);
        _writer.Add($"{architecture}.attention.value_length", (uint)_shape.HeadSize);
        _writer.Add($"{architecture}.rope.dimension_count", (uint)_shape.HeadSize);
        _writer.Add($"{architecture}.rope.freq_base", 1_000_000f);
    }

    private void AddAttentionLayers(bool gemma)
    {
        for (var layer = 0; layer < _shape.Layers; layer++)
        {
            var block = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            AddVector(block + "attn_norm.weight", _shape.Width, 1f);
            AddMatrix(block + "attn_q.weight", _shape.Width, _shape.Width, gain: 2f);
            AddMatrix(block + "attn_k.weight", _shape.Width, _shape.Width, gain: 2f);
            AddMatrix(block + "attn_v.weight", _shape.Width, _shape.Width, gain: 1.5f);
            AddMatrix(block + "attn_output.weight", _shape.Width, _shape.Width, gain: 1.5f);
            AddVector(block + "ffn_norm.weight", _shape.Width, 1f);
            AddMatrix(block + "ffn_gate.weight", _shape.Width, _shape.FeedForward, gain: 1f);
            AddMatrix(block + "ffn_up.weight", _shape.Width, _shape.FeedForward, gain: 1f);
            AddMatrix(block + "ffn_down.weight", _shape.FeedForward, _shape.Width, gain: 1.5f);
            if (!gemma)
                continue;
            AddVector(block + "attn_q_norm.weight", _shape.HeadSize, 2f);
            AddVector(block + "attn_k_norm.weight", _shape.HeadSize, 2f);
            AddVector(block + "post_attention_norm.weight", _shape.Width, 1.5f);
            AddVector(block + "post_ffw_norm.weight", _shape.Width, 1f);
        }
    }

    private void AddMamba()
    {
        var inner = 2 * _shape.Width;
        var rank = Math.Max(1, _shape.Width / 16);
        _writer.Add("mamba.feed_forward_length", 0u);
        _writer.Add("mamba.attention.head_count", 0u);
        _writer.Add("mamba.ssm.conv_kernel", 4u);
        _writer.Add("mamba.ssm.inner_size", (uint)inner);
        _writer.Add("mamba.ssm.state_size", (uint)MambaStates);
        _writer.Add("mamba.ssm.time_step_rank", (uint)rank);
        for (var layer = 0; layer < _shape.Layers; layer++)
        {
            var block = string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
            AddVector(block + "attn_norm.weight", _shape.Width, 1f);
            AddMatrix(block + "ssm_in.weight", _shape.Width, 2 * inner, gain: 1.5f);
            AddRandom(block + "ssm_conv1d.weight", [4, inner], weights => 0.7f * weights.Normal());
            AddVector(block + "ssm_conv1d.bias", inner, 0f);
            AddMatrix(block + "ssm_x.weight", inner, rank + (2 * MambaStates), gain: 2f);
            AddMatrix(block + "ssm_dt.weight", rank, inner, gain: 2f, GgufTensorType.Float32);

            // Steps that depend strongly on the token: few tokens decide the state, and what they decide is remembered long. A milder
            // mixture converges to the mean of the text, and then every prefix looks alike.
            AddRandom(block + "ssm_dt.bias", [inner], weights => -9f + (7f * weights.Uniform()));
            AddRandom(block + "ssm_a", [MambaStates, inner], weights => -0.05f - (0.95f * weights.Uniform() * weights.Uniform()));
            AddVector(block + "ssm_d", inner, 0.1f);
            AddMatrix(block + "ssm_out.weight", inner, _shape.Width, gain: 4f);
        }
    }

    /// <summary>With gain 1 the output is as large as the input.</summary>
    private void AddMatrix(string name, int columns, int rows, float gain, GgufTensorType type = GgufTensorType.Float16)
    {
        var weights = new SeededWeights(_seed, name);
        var scale = gain / MathF.Sqrt(columns);
        _writer.Add(new GgufTensor(name, type, [columns, rows], (row, _) =>
        {
            foreach (ref var weight in row)
                weight = weights.Normal() * scale;
        }));
    }

    private void AddVector(string name, int length, float value)
        => _writer.Add(new GgufTensor(name, GgufTensorType.Float32, [length], (row, _) => row.Fill(value)));

    private void AddRandom(string name, long[] shape, Func<SeededWeights, float> next)
    {
        var weights = new SeededWeights(_seed, name);
        _writer.Add(new GgufTensor(name, GgufTensorType.Float32, shape, (row, _) =>
        {
            foreach (ref var weight in row)
                weight = next(weights);
        }));
    }
}
