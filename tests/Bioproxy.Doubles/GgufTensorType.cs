namespace Bioproxy.Doubles;

/// <summary>The element types of a GGUF tensor that the writer knows; the values are the format's own.</summary>
internal enum GgufTensorType
{
    Float32 = 0,
    Float16 = 1,
}
