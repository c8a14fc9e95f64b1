"""Words for colours, materials and sizes in English and Chinese, by what they stand for.

The first word of a line names the family; a shop's own values are sorted into families by the
words that they hold (``Midnight Navy`` is a blue).
"""

from collections.abc import Mapping

_COLOURS = """
black: black ebony jet onyx 黑 黑色 纯黑
white: white ivory snow pearl 白 白色 纯白 象牙白
grey: grey gray charcoal slate graphite anthracite 灰 灰色 深灰 浅灰 炭灰
silver: silver chrome 银 银色
gold: gold golden champagne 金色 香槟色
red: red crimson scarlet burgundy maroon ruby wine cherry 红 红色 大红 酒红 酒红色 枣红
pink: pink rose magenta fuchsia blush 粉 粉色 粉红 粉红色 玫红 玫红色
orange: orange tangerine apricot coral 橙 橙色 橘色 桔色
yellow: yellow lemon mustard amber 黄 黄色 姜黄
green: green olive khaki lime emerald mint sage 绿 绿色 军绿 墨绿 军绿色 薄荷绿
blue: blue navy azure cobalt indigo turquoise teal cyan aqua 蓝 蓝色 藏青 藏青色 天蓝 深蓝 宝蓝
purple: purple violet lilac lavender plum mauve 紫 紫色 薰衣草紫
brown: brown chocolate coffee tan bronze chestnut mocha camel 棕 棕色 咖啡色 褐色 驼色
beige: beige cream sand nude 米色 米白 杏色 卡其 卡其色
multicolour: multicolor multicolour multicolored multicoloured rainbow 彩色 多色 花色
transparent: transparent clear 透明
"""

_MATERIALS = """
cotton: cotton 棉 纯棉 全棉 棉质
wool: wool woolen woollen merino 羊毛 羊毛呢
cashmere: cashmere 羊绒
silk: silk silken 丝绸 真丝 桑蚕丝
linen: linen flax 亚麻 麻
polyester: polyester 聚酯 涤纶 聚酯纤维
nylon: nylon 尼龙 锦纶
leather: leather 皮 皮革 真皮 牛皮 皮质
suede: suede nubuck 麂皮 绒面
denim: denim 牛仔 牛仔布
velvet: velvet 天鹅绒 丝绒
wood: wood wooden timber 木 木制 木头 实木 木质
oak: oak 橡木
bamboo: bamboo 竹 竹子 竹制
steel: steel 钢 不锈钢 钢制
aluminium: aluminium aluminum 铝 铝合金
iron: iron 铁 铸铁 铁艺
copper: copper 铜 紫铜
brass: brass 黄铜
metal: metal metallic 金属
plastic: plastic 塑料 塑胶
glass: glass 玻璃
ceramic: ceramic porcelain 陶瓷 瓷
stone: stone marble granite 石 大理石 石材
paper: paper 纸 纸质
rubber: rubber silicone latex 橡胶 硅胶 乳胶
"""

_SIZES = """
xs: xs 加小码
s: s small 小码 小号
m: m medium 中码 中号
l: l large 大码 大号
xl: xl 加大码
xxl: xxl 2xl
xxxl: xxxl 3xl
"""


def _families(lines: str) -> Mapping[str, str]:
    """Word → family."""
    parted = (line.split(":") for line in lines.strip().splitlines())
    return {word: family for family, listed in parted for word in listed.split()}


FAMILY_OF_COLOUR = _families(_COLOURS)
FAMILY_OF_MATERIAL = _families(_MATERIALS)
FAMILY_OF_SIZE = _families(_SIZES)
